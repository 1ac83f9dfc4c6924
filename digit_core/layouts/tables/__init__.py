"""Finding the tables of a page: rulings, rows from the writing, and which rows and columns hold names."""
