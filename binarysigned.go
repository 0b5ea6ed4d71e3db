package portsolve

import (
	"fmt"
	"strings"

	"github.com/portsolve/portsolve/atom/metadata"
	"github.com/portsolve/portsolve/binpkg"
	"github.com/portsolve/portsolve/repo/config"
)

// signedRules says of which binary packages a signature is asked for: FEATURES=binpkg-request-signature, which a binhost's
// verify-signature overrides for what comes from it (make.conf(5), portage(5)). Whether a signature is good is found
// out before a package is unpacked; what has none at all is not chosen in the first place.
type signedRules struct {
	all   metadata.Source            // set if the feature is on
	hosts map[string]hostSigned      // by binhost
	known map[string]signatureStatus // by file
}

type hostSigned struct {
	required bool
	src      metadata.Source
}

type signatureStatus uint8

const (
	signatureUnknown signatureStatus = iota // only the file can tell, and it is not here
	signaturePresent
	signatureAbsent
)

// newSignedRules is nil if no signature is asked for at all.
func newSignedRules(settings *config.Settings, hosts []binhost) *signedRules {
	r := &signedRules{hosts: map[string]hostSigned{}, known: map[string]signatureStatus{}}
	feature := func(name string) bool { return hasFeature(settings, name) }
	some := false
	if binpkg.PolicyFor(feature, nil) == binpkg.SignatureRequired {
		_, r.all = settings.Var("FEATURES")
		if r.all.IsZero() {
			r.all.File = "FEATURES"
		}
		some = true
	}
	for _, h := range hosts {
		if h.signed != nil {
			required := binpkg.PolicyFor(feature, &h.signed.required) == binpkg.SignatureRequired
			r.hosts[h.Name] = hostSigned{required, h.signed.src}
			some = some || required
		}
	}
	if !some {
		return nil
	}
	return r
}

// against appends the reason if a package that has to be signed is not.
func (r *signedRules) against(p *metadata.Package, out []metadata.Exclusion) []metadata.Exclusion {
	src, what := r.all, "FEATURES=binpkg-request-signature"
	if h, ok := r.hosts[p.Binhost]; ok && p.Remote {
		if !h.required {
			return out
		}
		src, what = h.src, "verify-signature of binhost "+p.Binhost
	}
	if src.IsZero() || r.status(p) != signatureAbsent {
		return out
	}
	return append(out, metadata.Exclusion{
		Kind: metadata.ExclSignature, Source: src,
		Detail: fmt.Sprintf("is not signed, and %s asks for a signature (%s)", what, src),
	})
}

func (r *signedRules) status(p *metadata.Package) signatureStatus {
	if s, ok := r.known[p.File]; ok {
		return s
	}
	s := signatureUnknown
	switch {
	case p.Remote && !strings.HasSuffix(p.File, ".gpkg.tar"):
		s = signatureAbsent // XPAK has no place for a signature
	case !p.Remote:
		if f, err := binpkg.OpenFile(p.File); err == nil {
			if s = signatureAbsent; f.Member(binpkg.SignatureMember) != nil {
				s = signaturePresent
			}
			f.Close()
		}
	}
	r.known[p.File] = s
	return s
}
