"""Results that Python and the browser both compute."""


class Computed:
    """A figure whose `results`, names of traits, are computed from its other traits in Python and in the browser alike.

    Both can then be asked at any time. What Python computes because the browser changed something is not sent back:
    the browser has it already, and while a slider moves an answer about the last place would come too late.
    """

    results = ()
    _told = False

    def set_state(self, sync_data):
        self._told = True
        try:
            super().set_state(sync_data)
        finally:
            self._told = False

    def _should_send_property(self, key, value):
        return not (self._told and key in self.results) and super()._should_send_property(key, value)
