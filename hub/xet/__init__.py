"""The write-only Xet gateway: what a stock client of version 2 uploads through."""
