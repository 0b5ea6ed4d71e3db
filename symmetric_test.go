package portsolve_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portsolve/portsolve"
)

// Alternatives that are the same choice made in another way are one with a choice inside, and count as one.
func TestSymmetricChoices(t *testing.T) {
	f := base().with("repo/profiles/base/make.defaults", "ARCH=\"amd64\"\nACCEPT_KEYWORDS=\"amd64\"\nUSE_EXPAND=\"L10N\"\n").
		with("repo/metadata/md5-cache/cat/man-1", entry("IUSE=l10n_de l10n_fr l10n_nl gui", "REQUIRED_USE=|| ( l10n_de l10n_fr l10n_nl gui )")).
		with("repo/metadata/md5-cache/cat/mail-1", entry("RDEPEND=|| ( cat/postfix[sasl] cat/exim[sasl] cat/nullmailer[ssl] )")).
		with("repo/metadata/md5-cache/cat/postfix-1", entry("IUSE=sasl")).
		with("repo/metadata/md5-cache/cat/exim-1", entry("IUSE=sasl")).
		with("repo/metadata/md5-cache/cat/nullmailer-1", entry("IUSE=ssl"))
	tests := []struct {
		arg  string
		n    int
		want []string
		end  string
	}{
		{"cat/man", 0, []string{"1 cat/man-1 l10n_de=true l10n_de", "1 cat/man-1 l10n_fr=true l10n_fr", "1 cat/man-1 l10n_nl=true l10n_nl", "4 cat/man-1 gui=true "}, "all"},
		{"cat/mail", 0, []string{"1 cat/postfix-1 sasl=true >=cat/postfix-1", "1 cat/exim-1 sasl=true >=cat/exim-1", "3 cat/nullmailer-1 ssl=true "}, "all"},
	}
	for _, tt := range tests {
		res, err := f.open(t).Resolve(t.Context(), portsolve.Request{Args: []string{tt.arg}, Alternatives: tt.n})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range res.Alternatives {
			a := &res.Alternatives[i]
			got = append(got, fmt.Sprintf("%d %s %s", a.Group, wayOut(a), a.Choice))
		}
		if d := cmp.Diff(tt.want, got); d != "" || res.AlternativesEnd != tt.end {
			t.Errorf("%s: %s %s", tt.arg, res.AlternativesEnd, d)
		}
	}
}
