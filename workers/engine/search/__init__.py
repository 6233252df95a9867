"""SEARCH: chooses what a merge recipe leaves open. Strategies draw points and are told how good they are; `Live` tries them."""
