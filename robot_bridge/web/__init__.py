"""Pages of this project in a browser: who may open them, and a server for them."""
