"""Checks of the exercises of this chapter."""
