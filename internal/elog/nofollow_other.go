//go:build !unix

package elog

const noFollow = 0
