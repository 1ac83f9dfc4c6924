"""The web page on which people review digits. Each view is a router of its own; `app.VIEWS` lists them."""
