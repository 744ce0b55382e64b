"""What a stored column means: the same as the package says."""

import pytest

from receiver.sugarcrm import rows


@pytest.mark.parametrize(
    ("stored", "means"),
    [
        (
            "Tom&#039;s &quot;big&quot; &amp; 1 &lt; 2 &gt; 0",
            'Tom\'s "big" & 1 < 2 > 0',
        ),
        ("&#39;&#x27;&#X3c;&#0060;", "''<<"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),  # once: whoever typed &lt; meant it
        ("&apos; &copy; &euml; &#64; &#34", "&apos; &copy; &euml; &#64; &#34"),
        (" &lt; ", "<"),
        ("&amp;", "&"),
        ("", None),
        (None, None),
        (True, "1"),
        (["a &amp; b", "c"], "^a & b^,^c^"),
    ],
)
def test_the_entities_that_the_crm_stores_are_decoded_once(stored, means):
    assert rows.text(stored) == means
