//go:build !unix

package vdb

import "testing"

func specialFiles() []string { return nil }

func writeSpecialFiles(*testing.T, string) {}
