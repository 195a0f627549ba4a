"""The errors of the package: each is a `CelpvqError` and also the builtin that one would expect."""


class CelpvqError(Exception):
    """Anything that celpvq refuses; its message is one line and says expected and got."""


class ArgumentError(CelpvqError, ValueError):
    """An argument has the wrong value or shape."""


class ArgumentTypeError(CelpvqError, TypeError):
    """An argument has the wrong type."""


class FormatError(CelpvqError, ValueError):
    """Data are not what their format says: foreign, corrupt, or of an unknown version."""


class ChecksumError(FormatError):
    """A CRC does not agree: bits went wrong on the way."""


class TruncatedStream(FormatError, EOFError):
    """A stream ends before its end."""


class TablesError(CelpvqError, ValueError):
    """A set of tables is missing, damaged, or not the one that a stream was made with."""


class SoundFileError(CelpvqError, OSError):
    """A file could not be read or written as sound."""


class OutputError(CelpvqError, OSError):
    """A result could not be written: no space, no permission, a closed pipe."""


class OutputExistsError(CelpvqError, FileExistsError):
    """The output is there already, or is the input itself."""


class NetworkError(CelpvqError, OSError):
    """A network cannot be used as asked for: a port in use, a host that is not there."""


class DeviceError(CelpvqError, OSError):
    """A microphone or loudspeaker cannot be used."""


class MissingPackageError(CelpvqError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class ConcurrentUseError(CelpvqError, RuntimeError):
    """Two threads used one stream's object at once."""


class ClosedError(CelpvqError, ValueError):
    """A stream was used after its end."""


class ClippingWarning(UserWarning):
    """Samples beyond full scale were clipped."""


class NotFittedError(CelpvqError, ValueError, AttributeError):
    """A quantizer was used before `fit`."""
