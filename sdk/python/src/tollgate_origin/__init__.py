"""Trust `Tollgate-Identity`, and nothing else: the verifier for origins written in Python."""

from .asgi import TollgateMiddleware
from .identity import Binding, Identity
from .problem import Refused
from .settings import ConfigError, Settings
from .verifier import Verifier

__all__ = ["Binding", "ConfigError", "Identity", "Refused", "Settings", "TollgateMiddleware", "Verifier"]
__version__ = "0.1.0"
