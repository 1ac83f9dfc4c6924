"""From a prepared page to numbers with states."""
