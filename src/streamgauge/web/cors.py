"""What browsers are told at the Flexprice door: pages of any origin may send and ask there, as at its original.

The other two doors say nothing of the kind, so a browser keeps their answers from pages of other origins.
"""

from streamgauge.web.reply import Reply

CORS_HEADERS = ((b"access-control-allow-origin", b"*"), (b"content-security-policy", b"default-src 'none'"))

# Says nothing of keys, and so needs none: a browser sends no credentials with this question.
PREFLIGHT = Reply(
    200,
    b"",
    b"text/plain",
    headers=(
        (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
        (b"access-control-allow-headers", b"Authorization, Content-Type, X-API-Key, X-Environment-ID, X-Request-ID"),
    ),
)
