package dev.otasigner.service.access;

import org.springframework.data.repository.ListCrudRepository;

interface Users extends ListCrudRepository<User, String> {}
