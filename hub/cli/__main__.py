from hub.cli import enter

enter()
