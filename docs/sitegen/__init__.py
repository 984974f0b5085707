"""What the site takes from the program: rule pages, chapters of the guide, the reference, the reference app's code."""
