#!/usr/bin/env python3
"""Audits a worker from outside: what it wrote down, what its token signed, what its clients got.

    audit_journal.py JOURNAL [--segment FILE ...] --token FILE --client FILE [--snapshot FILE ...]
                     [--guarded KEYID ...]

JOURNAL is a worker's journal.log: records of u32 length, u32 CRC-32C of the JSON, JSON, big-endian,
each naming the SHA-256 of the JSON before it; zeroes behind the last one are room. The two logs have a JSON object on each line, forced
to the disk before the line's event has any effect: the token's {keyId, toBeSigned, signature} and the
client's {request, keyId, toBeSigned, signature}, all in lower-case hex; signature is a digest. A
snapshot is the journal as it lay there when a worker was killed. Segments are the files that go on
where JOURNAL ends, in their order; each begins with {seq, prev, ends, at}, and what lies behind byte
`ends` of the file before was written by a worker that had been overtaken.

Prints {signatures, intents, released, late, signaturesWithoutIntent, intentsLost, doubleReleases,
problems}; exits with 0 when the three counts are zero and the journal is whole, with 1 otherwise.
Reads the formats by itself and shares no code with what it audits; the standard library is enough.
"""
import argparse
import collections
import hashlib
import json
import struct
import sys

GENESIS = "0" * 64
MAX_RECORD = 64 * 1024


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc32c_table()


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def frames(data):
    """Whole records with their offsets; stops at the first that is not whole."""
    at = 0
    while at + 8 <= len(data):
        length, crc = struct.unpack_from(">II", data, at)
        body = data[at + 8 : at + 8 + length]
        if not 2 <= length <= MAX_RECORD or len(body) != length or crc32c(body) != crc:
            break
        yield at, body
        at += 8 + length


def end_of(records):
    return records[-1][0] + 8 + len(records[-1][1]) if records else 0


class Audit:
    def __init__(self):
        self.problems = []
        self.intents = {}
        self.outcomes = collections.defaultdict(list)

    def problem(self, text):
        self.problems.append(text)

    def read_journal(self, files):
        """Reads the files in their order, each as far as the next one says."""
        self.records, self.late, self.last = [], 0, 0
        previous = GENESIS
        for number, data in enumerate(files):
            counted = data
            if number + 1 < len(files):
                first = next(frames(files[number + 1]), (0, b"{}"))[1]
                ends = json.loads(first.decode("utf-8")).get("ends", -1)
                if not 0 <= ends <= len(data):
                    self.problem("journal: segment %d does not say what it follows" % (number + 2))
                counted = data[:ends]
                self.late += sum(1 for _ in frames(data[ends:]))
            previous = self.read_file(counted, previous, number > 0)

    def read_file(self, data, previous, goes_on):
        """One file; returns the digest that the next one names first."""
        records = list(frames(data))
        self.records += records
        last = self.last
        if any(data[end_of(records) :]):
            self.problem("journal: no whole record at byte %d" % end_of(records))
        for at, body in records:
            entry = json.loads(body.decode("utf-8"))
            if entry["prev"] != previous:
                self.problem("journal: byte %d does not follow the record before it" % at)
            previous = hashlib.sha256(body).hexdigest()
            seq = entry["seq"]
            if "ends" in entry:
                if not goes_on or at != 0 or seq != last:
                    self.problem("journal: byte %d begins a segment" % at)
            elif "revoked" in entry:
                if seq != last + 1:
                    self.problem("journal: revocation %d after record %d" % (seq, last))
                last = seq
            elif "outcome" in entry:
                if seq not in self.intents:
                    self.problem("journal: byte %d is an outcome without its intent" % at)
                self.outcomes[seq].append(entry)
            else:
                if seq != last + 1:
                    self.problem("journal: intent %d after intent %d" % (seq, last))
                last = seq
                self.intents[seq] = entry
        self.last = last
        return previous

    def lost_from(self, snapshots):
        """Intents that once lay in the journal and do not any more."""
        now = {body for _, body in self.records}
        lost = set()
        for snapshot in snapshots:
            for _, body in frames(snapshot):
                entry = json.loads(body.decode("utf-8"))
                if "outcome" not in entry and body not in now:
                    lost.add(body)
        return len(lost)

    def without_intent(self, signed):
        """Uses of a key beyond the intents that stand for them."""
        intended = collections.Counter(
            (intent["keyId"], intent["toBeSigned"]) for intent in self.intents.values()
        )
        used = collections.Counter((line["keyId"], line["toBeSigned"]) for line in signed)
        return sum(max(0, count - intended[use]) for use, count in used.items())

    def double_releases(self, received, guarded):
        """Requests of a guarded key for which two different signatures left, or stand as signed."""
        given = collections.defaultdict(set)
        for line in received:
            if line["keyId"] in guarded:
                given[line["request"], line["keyId"], line["toBeSigned"]].add(line["signature"])
        for seq, outcomes in self.outcomes.items():
            intent = self.intents.get(seq)
            if intent is None or intent["keyId"] not in guarded:
                continue
            for outcome in outcomes:
                if outcome["outcome"] in ("signed", "released"):
                    use = intent["request"], intent["keyId"], intent["toBeSigned"]
                    given[use].add(outcome["signature"])
        return sum(1 for signatures in given.values() if len(signatures) > 1)

    def require_recorded(self, received, signed):
        """What a client got was recorded as given, and came from the token."""
        recorded = set()
        for seq, outcomes in self.outcomes.items():
            for outcome in outcomes:
                if outcome["outcome"] in ("signed", "released") and seq in self.intents:
                    intent = self.intents[seq]
                    recorded.add((intent["request"], intent["keyId"], outcome["signature"]))
        made = {line["signature"] for line in signed}
        for line in received:
            if (line["request"], line["keyId"], line["signature"]) not in recorded:
                self.problem("a client has a signature that no outcome tells of")
            if line["signature"] not in made:
                self.problem("a client has a signature that the token did not make")


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def content(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("journal")
    parser.add_argument("--segment", action="append", default=[])
    parser.add_argument("--token", required=True)
    parser.add_argument("--client", required=True)
    parser.add_argument("--snapshot", action="append", default=[])
    parser.add_argument("--guarded", action="append", default=[])
    arguments = parser.parse_args()
    if crc32c(b"123456789") != 0xE3069283:  # the check value of RFC 3720
        sys.exit("the CRC-32C of this program is wrong")
    audit = Audit()
    audit.read_journal([content(path) for path in [arguments.journal] + arguments.segment])
    signed, received = lines(arguments.token), lines(arguments.client)
    audit.require_recorded(received, signed)
    found = {
        "signatures": len(signed),
        "intents": len(audit.intents),
        "released": len(received),
        "late": audit.late,
        "signaturesWithoutIntent": audit.without_intent(signed),
        "intentsLost": audit.lost_from(content(path) for path in arguments.snapshot),
        "doubleReleases": audit.double_releases(received, set(arguments.guarded)),
        "problems": audit.problems,
    }
    print(json.dumps(found))
    faults = ("signaturesWithoutIntent", "intentsLost", "doubleReleases", "problems")
    sys.exit(1 if any(found[name] for name in faults) else 0)


if __name__ == "__main__":
    main()
