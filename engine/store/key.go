package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

const (
	keySize   = 32
	keyIDSize = 8
)

var errKeyText = errors.New("it is not 32 bytes in base64")

// NewKey makes a store key: 32 random bytes in base64.
func NewKey() (string, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return "", broken("make store key", "", err)
	}
	return base64.StdEncoding.EncodeToString(key), nil
}

// ParseKey reads a key as NewKey prints it. The error does not repeat the text.
func ParseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, &engine.Fault{Kind: engine.Environment, Op: "read store key", Err: errKeyText,
			Next: "A store key is 44 characters of base64 that stand for 32 random bytes; make one with `openssl rand -base64 32`."}
	}
	return key, nil
}

// sealer encrypts with AES-256-GCM. A sealed text is: id of the key, nonce, cipher text and tag.
type sealer struct {
	id      []byte
	aead    cipher.AEAD
	marking []byte // key of digests of records
	linking []byte // key of digests of fields
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != keySize {
		return nil, misuse("open store", "", errKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("casebridge store key id"))
	marking := hmac.New(sha256.New, key)
	marking.Write([]byte("casebridge digests of records"))
	linking := hmac.New(sha256.New, key)
	linking.Write([]byte("casebridge digests of fields"))
	return &sealer{id: mac.Sum(nil)[:keyIDSize], aead: aead, marking: marking.Sum(nil), linking: linking.Sum(nil)}, nil
}

// seal encrypts plain for one place; it cannot be opened anywhere else.
func (s *sealer) seal(place string, plain []byte) []byte {
	return s.aead.Seal(append([]byte{}, s.id...), nil, plain, []byte(place))
}

// open returns the plain text, or false when it was sealed under another key or for another place.
func (s *sealer) open(place string, sealed []byte) ([]byte, bool) {
	if s == nil || len(sealed) < keyIDSize || !hmac.Equal(sealed[:keyIDSize], s.id) {
		return nil, false
	}
	plain, err := s.aead.Open(nil, nil, sealed[keyIDSize:], []byte(place))
	return plain, err == nil
}
