"""The signature that Twilio puts on its webhooks, computed from its published recipe.

Written out here because the simulator must stay free of the `twilio` package; a test holds it against that
package's own validator.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping


def sign(url: str, params: Mapping[str, str], auth_token: str) -> str:
    """Yield X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and the POST parameters sorted by name.

    Blank parameters count. The URL is the one requested, so a fragment must be cut off before.
    """
    signed = url + "".join(name + params[name] for name in sorted(params))
    # Twilio's scheme fixes SHA-1; within HMAC it is not known to be broken.
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1")).decode()
