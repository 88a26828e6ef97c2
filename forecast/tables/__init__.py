"""Tables of any shape as figures: where the header is, what each column means, judged over whole columns, told or refused."""
