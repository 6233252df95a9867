"""What every page needs: the numbers of header and status line."""


def chrome(request):
    return {}
