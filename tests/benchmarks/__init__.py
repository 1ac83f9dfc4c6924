"""Programs that measure speed, memory and accuracy; run by make, not collected by pytest."""
