class postfix {
  $relay_creds = lab::secret('mail/relay-credentials')
  file { '/etc/postfix/sasl_passwd':
    content => $relay_creds,
    mode    => '0600',
  }
}
