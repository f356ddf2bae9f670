"""`python -m segdsl` is the `segdsl` command."""

from segdsl.cli import main

if __name__ == "__main__":
    main()
