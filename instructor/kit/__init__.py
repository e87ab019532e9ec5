"""The measuring kit: parallel forms of twelve questions, a page to answer them on, and what the answers say.

Nothing is claimed here about what anybody learns from the course: that is for classes to find out, with this.
"""
