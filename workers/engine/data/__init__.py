"""Data that models are measured, trained and ranked on: splits in any format, examples of any task, what every worker carries.

Everything here reads files of strangers: it maps or streams them, checks them first, and refuses with findings. No torch.
"""
