"""The four dashboards: what each shows is in the module named after it, how panels look in panels.py."""
