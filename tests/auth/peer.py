#!/usr/bin/python3
"""Tokens and key sets made, and tokens checked, by other people's software: PyJWT, and the openssl command.

peer.py make          prints {"jwks": {...}, "cases": [{"name", "token", "good"}]}; tokens are signed now
peer.py check JWKS    reads a token on standard input and prints PyJWT's claims; exit status 1: refused

Claims and rules are those of proveout's development tokens: issuer proveout-dev, audience proveout.
"""
import base64
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(**changes):
    now = int(time.time())
    all_of_them = {"iss": "proveout-dev", "aud": "proveout", "sub": "peer", "tenant": "acme", "scope": "simulations:read",
                   "iat": now, "nbf": now, "exp": now + 300}
    all_of_them.update(changes)
    return {name: value for name, value in all_of_them.items() if value is not None}


def jwk_of(key, kid):
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = public.public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": b64(numbers.n.to_bytes(size, "big")), "e": "AQAB"}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers = public.public_numbers()
        return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": b64(numbers.x.to_bytes(32, "big")),
                "y": b64(numbers.y.to_bytes(32, "big"))}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": kid, "x": b64(raw)}


def openssl_sign(key, algorithm, signed):
    """The signature as the openssl command makes it, raw r and s for ES256."""
    with tempfile.TemporaryDirectory() as folder:
        pem, text = Path(folder, "key.pem"), Path(folder, "text")
        pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        text.write_bytes(signed)
        if algorithm == "EdDSA":
            command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", text]
        else:
            command = ["openssl", "dgst", "-sha256", "-sign", pem, text]
        signature = subprocess.run(command, check=True, capture_output=True).stdout
    if algorithm != "ES256":
        return signature
    fields, at = [], 2
    for _ in range(2):
        size = signature[at + 1]
        fields.append(int.from_bytes(signature[at + 2:at + 2 + size], "big"))
        at += 2 + size
    return b"".join(field.to_bytes(32, "big") for field in fields)


def openssl_token(key, algorithm, kid, payload):
    signed = (b64(json.dumps({"alg": algorithm, "typ": "JWT", "kid": kid}).encode()) + "." + b64(json.dumps(payload).encode())).encode()
    return signed.decode() + "." + b64(openssl_sign(key, algorithm, signed))


def make():
    keys = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate()}
    jwks = {"keys": [jwk_of(key, "kid-" + algorithm) for algorithm, key in keys.items()]}
    cases = []
    for algorithm, key in keys.items():
        headers = {"kid": "kid-" + algorithm}
        other = {"RS256": "PS256", "ES256": "ES256", "EdDSA": "EdDSA"}[algorithm]
        stranger = {"RS256": lambda: rsa.generate_private_key(65537, 2048), "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
                    "EdDSA": ed25519.Ed25519PrivateKey.generate}[algorithm]()

        def add(name, token, good):
            cases.append({"name": algorithm + " " + name, "token": token, "good": good})

        for number in range(20):  # ES256: r and s of fewer than 32 bytes come up
            add(f"PyJWT {number}", jwt.encode(claims(jti=str(number)), key, algorithm, headers), True)
        for number in range(5):
            add(f"openssl {number}", openssl_token(key, algorithm, headers["kid"], claims(jti=str(number))), True)
        add("audience list", jwt.encode(claims(aud=["x", "proveout"]), key, algorithm, headers), True)
        add("expired", jwt.encode(claims(exp=int(time.time()) - 61), key, algorithm, headers), False)
        add("not yet", jwt.encode(claims(nbf=int(time.time()) + 90), key, algorithm, headers), False)
        add("other issuer", jwt.encode(claims(iss="x"), key, algorithm, headers), False)
        add("no kid", jwt.encode(claims(), key, algorithm), False)
        another = {"kid": "kid-ES256" if algorithm == "RS256" else "kid-RS256"}
        add("key of another kid", jwt.encode(claims(), key, algorithm, another), False)
        add("stranger's key", jwt.encode(claims(), stranger, algorithm, headers), False)
        if other != algorithm:
            add("other algorithm of the key's type", jwt.encode(claims(), key, other, headers), False)
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        add("public key as a secret", jwt.encode(claims(), public, "HS256", headers), False)
        add("none", jwt.encode(claims(), None, "none", headers), False)
    print(json.dumps({"jwks": jwks, "cases": cases}))


def check(path):
    token = sys.stdin.read().strip()
    keys = {key["kid"]: jwt.PyJWK(key).key for key in json.loads(Path(path).read_text())["keys"]}
    try:
        header = jwt.get_unverified_header(token)
        print(json.dumps(jwt.decode(token, keys[header["kid"]], ["EdDSA"], audience="proveout", issuer="proveout-dev")))
    except (jwt.PyJWTError, KeyError) as refusal:
        print(refusal)
        sys.exit(1)


if __name__ == "__main__":
    make() if sys.argv[1:] == ["make"] else check(sys.argv[2])
