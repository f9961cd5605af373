"""What each column of a row must hold, by what is known of its call."""
