"""Tables in memory: their series and times read into a Vintage, and answers written back in their shape."""
