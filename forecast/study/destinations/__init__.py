"""Destinations: where a flow goes, who was served first after a measure, how concentrated it is, what each partner paid."""
