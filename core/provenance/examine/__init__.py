"""Find out what a stranger's file is: its plain metadata, its pixels, what was changed in them."""
