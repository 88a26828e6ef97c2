"""What moved a nowcast between two days, release by release."""
