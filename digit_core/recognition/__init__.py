"""Recognition: from a prepared page to numbers with states."""
