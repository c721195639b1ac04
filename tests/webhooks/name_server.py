"""A name server of a test: real questions and answers over UDP, and each question is counted."""

import socket
import threading
from collections import Counter
from collections.abc import Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Answers = Sequence[Sequence[str]]


class NameServer:
    """Knows the names it was told; of each, the answers to one question after the other, the last one for ever."""

    def __init__(self) -> None:
        self.questions: Counter[tuple[str, str]] = Counter()
        self._names: dict[str, Answers] = {}
        self._aliases: dict[str, str] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Its address and port."""
        host, port = self._socket.getsockname()
        return host, port

    def knows(self, name: str, *answers: Sequence[str]) -> None:
        """Answer with the IP addresses of one round after the other."""
        self._names[name] = answers

    def knows_alias(self, alias: str, name: str) -> None:
        """Answer with another name and what that one has."""
        self._aliases[alias] = name

    def asked(self, name: str) -> dict[str, int]:
        """How often it was asked for a name, by the kind of record."""
        return {kind: count for (asked, kind), count in self.questions.items() if asked == name}

    def close(self) -> None:
        """Stop."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.address)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        asked, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.questions[asked, kind] += 1
        if asked.startswith(("silent", f"no-{kind.lower()}-answer")):
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if asked.startswith("broken"):
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        name = self._aliases.get(asked, asked)
        if name != asked:
            answer.answer.append(dns.rrset.from_text(f"{asked}.", 0, "IN", "CNAME", f"{name}."))
        if name not in self._names:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        rounds = self._names[name]
        addresses = rounds[min(self.questions[asked, kind], len(rounds)) - 1]
        # Each by itself: of one set the package would shuffle the records.
        answer.answer += [
            dns.rrset.from_text(f"{name}.", 0, "IN", kind, address)
            for address in addresses
            if (":" in address) == (kind == "AAAA")
        ]
        return answer
