"""From what was known on a day and a question to the arrays that methods work on."""
