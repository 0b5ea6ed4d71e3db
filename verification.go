package portsolve

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/binpkg/sign"
)

// VerifyOptions is what the configuration asks of binary packages before they are
// merged: the policy about signatures (FEATURES binpkg-request-signature and
// binpkg-ignore-signature, and verifySignature, which is what a binhost's
// verify-signature says of the packages that came from it; nil where it says
// nothing), and the keys of BINPKG_GPG_VERIFY_GPG_HOME (make.conf(5)), by default
// /etc/portage/gnupg. If that default does not exist or is empty, no key counts. The error names a
// keyring that cannot be read.
func (s *System) VerifyOptions(verifySignature *bool) (binpkg.VerifyOptions, error) {
	settings := s.target().settings
	has := func(feature string) bool { return hasFeature(settings, feature) }
	o := binpkg.VerifyOptions{Signatures: binpkg.PolicyFor(has, verifySignature)}
	if o.Signatures == binpkg.SignatureIgnored {
		return o, nil
	}
	home, src := settings.Var("BINPKG_GPG_VERIFY_GPG_HOME")
	path := s.onDisk(home)
	if home == "" {
		home, path = sign.DefaultHome, s.onDisk(s.options.EPrefix, sign.DefaultHome)
	}
	keys, err := sign.Open(path)
	switch {
	case err == nil:
		o.Keys = keys
	case home == sign.DefaultHome && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, sign.ErrNoKeys)):
		// getuto fills it; until then signed packages are refused
	case src.IsZero():
		return o, &InputError{fmt.Errorf("the keys that binary packages are verified with cannot be read: %w", err)}
	default:
		return o, &InputError{fmt.Errorf("%s: BINPKG_GPG_VERIFY_GPG_HOME: the keys that binary packages are verified with cannot be read: %w", src, err)}
	}
	return o, nil
}
