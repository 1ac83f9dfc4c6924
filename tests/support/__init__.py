"""What tests share: servers, drawn input, fixtures."""
