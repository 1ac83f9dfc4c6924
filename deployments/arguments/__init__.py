"""What each command of `digits` takes and says of itself. The work is in `deployments.commands`, imported when asked for."""
