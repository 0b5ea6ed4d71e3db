package portsolve_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portsolve/portsolve"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/sign"
)

// Which signatures are asked for, and with which keys they are verified.
func TestVerifyOptions(t *testing.T) {
	signer, err := sign.NewSigner("Builder", "builder@example.invalid", time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	var key bytes.Buffer
	if err := signer.PublicKey(&key); err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	for _, tt := range []struct {
		conf, keyring string
		host          *bool
		want          binpkg.SignaturePolicy
		keys          int
		err           string
	}{
		{"", "", nil, binpkg.SignatureIfPresent, 0, ""},
		{"FEATURES=binpkg-request-signature", "", nil, binpkg.SignatureRequired, 0, ""},
		{"FEATURES=binpkg-request-signature\nBINPKG_GPG_VERIFY_GPG_HOME=/keys.asc", "keys.asc", &no, binpkg.SignatureIfPresent, 1, ""},
		{"BINPKG_GPG_VERIFY_GPG_HOME=/keys.asc", "keys.asc", &yes, binpkg.SignatureRequired, 1, ""},
		{"FEATURES=binpkg-ignore-signature\nBINPKG_GPG_VERIFY_GPG_HOME=/nowhere", "", &yes, binpkg.SignatureIgnored, 0, ""},
		{"BINPKG_GPG_VERIFY_GPG_HOME=/nowhere", "", nil, 0, 0, "make.conf:1: BINPKG_GPG_VERIFY_GPG_HOME: the keys"},
		{"", "etc/portage/gnupg", nil, binpkg.SignatureIfPresent, 0, ""},
		{"BINPKG_GPG_VERIFY_GPG_HOME=/empty/gnupg", "empty/gnupg", nil, 0, 0, "holds no OpenPGP public key"},
	} {
		f := base().with("etc/portage/make.conf", tt.conf+"\n")
		if strings.HasSuffix(tt.keyring, ".asc") {
			f = f.with(tt.keyring, key.String())
		}
		dir := f.write(t)
		if strings.HasSuffix(tt.keyring, "gnupg") {
			if err := os.MkdirAll(filepath.Join(dir, tt.keyring), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		sys, err := portsolve.Open(context.Background(), portsolve.Options{System: dir, Env: map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		o, err := sys.VerifyOptions(tt.host)
		switch {
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%q: %v, want %q", tt.conf, err, tt.err)
		case tt.err == "" && (err != nil || o.Signatures != tt.want || len(o.Keys.Keys()) != tt.keys):
			t.Errorf("%q: %v, %v, %v", tt.conf, o.Signatures, o.Keys.Keys(), err)
		}
	}
}
