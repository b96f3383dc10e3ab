"""Has libsrtp protect or unprotect packets.

libsrtp.py PROFILE KEY FILE
PROFILE is a profile's name in pylibsrtp, KEY master key and salt in hex. Each line of FILE is an operation (protect,
unprotect, protect_rtcp, unprotect_rtcp) and a packet in hex; a line is printed for each: the packet in hex, or "error" and why.
"""
import sys
from pylibsrtp import Error, Policy, Session

profile, key, path = sys.argv[1:]


def session(ssrc_type):
    return Session(Policy(bytes.fromhex(key), ssrc_type, srtp_profile=getattr(Policy, profile)))


sender, receiver = session(Policy.SSRC_ANY_OUTBOUND), session(Policy.SSRC_ANY_INBOUND)
with open(path, encoding="ascii") as lines:
    for line in lines:
        operation, packet = line.split()
        try:
            print(getattr(receiver if operation.startswith("un") else sender, operation)(bytes.fromhex(packet)).hex())
        except Error as problem:
            print("error", problem)
