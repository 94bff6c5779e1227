"""What stands above every module: settings, URLs, the database server, the command line."""
