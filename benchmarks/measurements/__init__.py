"""One file for each subject: the variants, as their processes prepare them, and the rows that come of them."""
