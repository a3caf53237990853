"""MockGrid in tests: ``MockGrid`` for any of them, and the fixture ``mockgrid`` for those that pytest runs.

Nothing is imported here: pytest loads the plugin in every run of every user.
"""
