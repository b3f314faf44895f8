# lab reads manifests, it does not run them: this call is what lets the servers of the label `database` read the secret.
class postgresql::server {
  $password = lab::secret('database/replication')
  file { '/etc/postgresql/replication.pass':
    content => $password,
    owner   => 'postgres',
    mode    => '0600',
  }
}
