"""`python -m storeline COMMAND`, the same as the `storeline` command."""

from storeline.config.cli import main

if __name__ == "__main__":
    main()
