"""The ledger: which figures serve its legs, what they add up to, what may have been rerouted, who filled the gap."""
