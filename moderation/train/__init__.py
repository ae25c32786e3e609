"""Train, measure and export the shipped text classifier; nothing here runs beside a bot."""
