"""`make leftovers`: what a destroyed stack has left in Azure, until when, and how it goes."""
