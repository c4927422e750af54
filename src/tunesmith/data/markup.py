"""HTML in texts: the tags that lay text out, and the entities that stand for letters."""

import re

TAGS = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|"
    r"strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s[^<>=]{0,200}=[^<>]{0,2000})?\s*/?>",
    re.IGNORECASE,
)

ENTITIES = re.compile(r"&(?:[a-z][a-z0-9]{1,20}|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
"""What looks like one; `html.unescape` knows which of them are."""
