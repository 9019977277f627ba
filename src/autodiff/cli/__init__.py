"""The command line: one file a command, the only importer of click.

    main ──▶ group (which command) ──▶ eval, graph, explain …  ──▶ Screen (what is shown, and where)

A command's file is imported when the command is called, and returns an exit status.
"""
