"""Levels of the test of no effect."""

import pytest

from forecast.checks.significance import Significance
from forecast.core.errors import ConfigError


@pytest.mark.parametrize(("level", "firm"), [(0.01, 0.05), (0.05, 0.0), (1.0, 0.01)])
def test_a_firm_claim_is_no_weaker_than_a_suggestion(level, firm):
    with pytest.raises(ConfigError, match="firm"):
        Significance(level=level, firm=firm)
