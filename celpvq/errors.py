"""The errors of the package: each is a `CelpvqError` and also the builtin error of its kind."""


class CelpvqError(Exception):
    """Any error of celpvq; its message is one line and gives expected and actual values."""


class ArgumentError(CelpvqError, ValueError):
    """An argument has the wrong value or shape."""


class ArgumentTypeError(CelpvqError, TypeError):
    """An argument has the wrong type."""


class FormatError(CelpvqError, ValueError):
    """Data violate their format: they are foreign, corrupt, or of an unknown version."""


class ChecksumError(FormatError):
    """A CRC does not match: bits are wrong."""


class TruncatedStream(FormatError, EOFError):
    """A stream ends too early."""


class TablesError(CelpvqError, ValueError):
    """A set of tables is missing or damaged, or a stream was made with another set."""


class SoundFileError(CelpvqError, OSError):
    """A sound file cannot be read or written."""


class OutputError(CelpvqError, OSError):
    """A result cannot be written: no space, no permission, a closed pipe."""


class OutputExistsError(CelpvqError, FileExistsError):
    """The output exists already, or it is the input."""


class NetworkError(CelpvqError, OSError):
    """The network cannot be used as requested: a port is in use, a host is unknown."""


class DeviceError(CelpvqError, OSError):
    """A microphone or loudspeaker cannot be used."""


class MissingPackageError(CelpvqError, ImportError):
    """An optional package is not installed; the message names the extra that installs it."""


class ConcurrentUseError(CelpvqError, RuntimeError):
    """Two threads used one encoder or decoder at the same time."""


class ClosedError(CelpvqError, ValueError):
    """A file was used after it was closed."""


class ClippingWarning(UserWarning):
    """Samples beyond full scale were clipped."""


class NotFittedError(CelpvqError, ValueError, AttributeError):
    """A quantizer was used before `fit`."""
